// Owns the environment variables that the server's programs are given.
// Must not pass on anything that could hold a secret or steer them elsewhere.

/** The child sees nothing of the hub's environment (PGDATA, PGPORT, secrets), only what programs need to run. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'windir']) {
    const value = process.env[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
