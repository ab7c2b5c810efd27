// Loaded into a measured process by `--import`: reports to its parent what the process has used so far, and what it
// holds (after a full garbage collection, so never during an interval).
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
