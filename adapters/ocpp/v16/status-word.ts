// Owns the neutral spelling of the status words that 1.6 stations send: lower snake case, so that new words pass.
// Must not judge a word; the core knows which end something.

/** `DownloadFailed` becomes `download_failed`; nothing becomes `unknown`. */
export function statusWord(sent: string | undefined): string {
  if (sent === undefined || sent.trim() === '') return 'unknown'
  return sent
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
}
