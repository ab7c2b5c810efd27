// Loaded into a measured process by `--import`: answers its parent's question what the process has used so far, and what
// it holds (after a full garbage collection, so never during a interval).
process.on('message', (question) => {
  if (question === 'usage') {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMicroseconds: user + system, rssBytes: process.memoryUsage.rss() })
  }
  if (question === 'heapUsed') {
    globalThis.gc?.()
    process.send?.({ heapBytes: process.memoryUsage().heapUsed })
  }
})
