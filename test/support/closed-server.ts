import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'

export const SLOW = '127.0.0.2'
export const REFUSES = '127.0.0.3' // nobody listens there
export const SECOND_SYN_MS = 1000 // Linux sends it after a second

const source = `
const { createServer } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
const { answer, gate, port } = workerData
const server = createServer((request, response) => response.end(answer)).listen(
  { port, host: '${SLOW}', backlog: 1 },
  () => setImmediate(() => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(gate), 0, 0)
  }),
)`

/** A server at SLOW that accepts no connection before `open`: its thread stands still, and its backlog is full. */
export async function closedServer(t: TestContext, { port = 0, answer = 'slow' } = {}) {
  const gate = new SharedArrayBuffer(4)
  const worker = new Worker(source, { eval: true, workerData: { gate, port, answer } })
  const open = () => {
    Atomics.store(new Int32Array(gate), 0, 1)
    Atomics.notify(new Int32Array(gate), 0)
  }
  const [bound]: number[] = await once(worker, 'message')
  const fill = Array.from({ length: 8 }, () => connect(bound ?? 0, SLOW).on('error', () => {}))
  t.after(async () => {
    for (const socket of fill) socket.destroy()
    open()
    await worker.terminate()
  })
  await Promise.race(fill.map((socket) => once(socket, 'connect'))) // all have asked by then, more than the backlog takes
  return { port: bound ?? 0, open }
}
