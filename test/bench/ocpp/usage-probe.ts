// Owns telling a bench what a server process uses; preloaded into it with --import, so that the server itself knows nothing.
// Must not change how the server runs: it answers when asked.

if (process.send !== undefined) {
  process.on('message', (message) => {
    if (message !== 'usage' && message !== 'usage collected') return
    // Only where memory is measured: a collection holds up the calls of a tenth of a second, and its CPU is nobody's.
    if (message === 'usage collected') for (let i = 0; i < 2; i++) (globalThis as { gc?: () => void }).gc?.()
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
    process.send?.({ kind: 'usage', cpu: process.cpuUsage(), rss, heapUsed, external, arrayBuffers })
  })
  process.channel?.unref()
}
