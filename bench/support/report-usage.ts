// Preloaded into a measured process (node --import). Sends its parent, on request, the CPU time and resident memory, or
// the heap after a full garbage collection, which must not run during an interval.
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
