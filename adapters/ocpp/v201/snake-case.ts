// Owns the neutral spelling of the standard's words: `InstallVerificationFailed` is `install_verification_failed`.
// Must not know any word: new ones pass.

export function snakeCase(word: string | undefined): string {
  return (word ?? '')
    .slice(0, 100)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
}
