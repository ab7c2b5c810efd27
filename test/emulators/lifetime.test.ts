import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { startChild } from '../../local/emulators/child.ts'
import { startEmulators } from '../../local/emulators/emulators.ts'
import { eventually } from '../support/stores.ts'
import { useOwnEmulators } from './own-emulators.ts'

const start = useOwnEmulators()

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

async function portInUse() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, free: () => new Promise((resolve) => server.close(resolve)) }
}

test('reports a port in use, and leaves nothing running', async () => {
  const [taken, chosen] = [await portInUse(), await portInUse()]
  await chosen.free()
  const { port } = taken
  await assert.rejects(startEmulators({ cosmosPort: port, queuePort: chosen.port }), {
    message: `Cosmos emulator: port ${port} is already in use`,
  })
  assert.equal(await isOpen(chosen.port), false, 'Azurite was stopped')
  await assert.rejects(startEmulators({ blobPort: port, cosmosPort: chosen.port }), {
    message: `Azurite: port ${port} is already in use`,
  })
  assert.equal(await isOpen(chosen.port), false, 'the Cosmos emulator was stopped')
  await taken.free()
})

test('reports an emulator that ends before it is ready', async () => {
  const nothing = new URL('../../local/emulators/http-error.ts', import.meta.url) // loads, and is done
  const child = startChild('Nothing', nothing, [])
  await assert.rejects(child.ready, { message: 'Nothing ended before it was ready' })
  await child.stop()
})

test('stop frees the ports', async () => {
  const own = await start()
  const ports = Object.values(own.ports)
  assert.deepEqual(await Promise.all(ports.map(isOpen)), [true, true, true])
  await Promise.all([own.stop(), own.stop()])
  assert.deepEqual(await Promise.all(ports.map(isOpen)), [false, false, false])
})

test('the emulators end with their parent, even when that is killed', async () => {
  const module = new URL('../../local/emulators/emulators.ts', import.meta.url)
  const script = `import { startEmulators } from '${module.href}'
    console.log(JSON.stringify((await startEmulators()).ports))`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'], // nothing left over can hold up the test run
  })
  const [line] = await once(createInterface(parent.stdout), 'line')
  const ports: number[] = Object.values(JSON.parse(line))
  assert.deepEqual(await Promise.all(ports.map(isOpen)), [true, true, true])
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  const anyOpen = async () => (await Promise.all(ports.map(isOpen))).includes(true)
  await eventually('all closed', async () => !(await anyOpen()))
})
