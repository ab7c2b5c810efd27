// State that must not be shared by two hosts in one process.
let counted = 0

/** Counts up. */
export function count() {
  counted += 1
  return counted
}
