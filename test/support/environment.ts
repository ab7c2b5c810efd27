/**
 * Returns the environment for a program under test: what Node.js needs, its cache of compiled code included, which saves
 * half of a start. Settings of whoever runs the tests must not reach the program.
 */
export function bareEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, NODE_V8_COVERAGE, NODE_COMPILE_CACHE } = process.env
  return { PATH, HOME, TMPDIR, NODE_V8_COVERAGE, NODE_COMPILE_CACHE }
}
