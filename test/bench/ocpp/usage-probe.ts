// Owns telling a bench what a server process uses; preloaded into it with --import, so that the server itself knows nothing.
// Must not change how the server runs: it answers when asked.

if (process.send !== undefined) {
  process.on('message', (message) => {
    if (message !== 'usage') return
    const collect = (globalThis as { gc?: () => void }).gc
    collect?.()
    collect?.()
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
    process.send?.({ kind: 'usage', cpu: process.cpuUsage(), rss, heapUsed, external, arrayBuffers })
  })
  process.channel?.unref()
}
