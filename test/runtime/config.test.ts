// Owns what the environment may say: defaults of the interface table, and every problem named at once.
// Must not start anything.
import { expect, it } from 'vitest'
import { readConfig } from '../../core/runtime/config.ts'

it('has the defaults that outside tools rely on', () => {
  expect(readConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    dataDir: expect.stringMatching(/\/data$/),
    databaseUrl: null,
    unknownStations: 'pending',
  })
})

it('takes what it is given', () => {
  const config = readConfig({
    BAYWATT_PORT: '9000',
    BAYWATT_UNKNOWN_STATIONS: 'reject',
    DATABASE_URL: 'postgresql://hub@db/hub',
    BAYWATT_PUBLIC_URL: 'https://hub.example',
    BAYWATT_CORS_ORIGINS: 'https://a.example, https://b.example',
  })
  expect(config).toMatchObject({
    port: 9000,
    unknownStations: 'reject',
    databaseUrl: 'postgresql://hub@db/hub',
    publicUrl: 'https://hub.example',
    corsOrigins: ['https://a.example', 'https://b.example'],
  })
})

it('names every variable that cannot be used, in one sentence', () => {
  const bad = {
    BAYWATT_PORT: '80800',
    BAYWATT_UNKNOWN_STATIONS: 'maybe',
    DATABASE_URL: 'mysql://x',
    BAYWATT_PUBLIC_URL: 'hub.example/path',
    BAYWATT_ADMIN_KEY: 'short',
    BAYWATT_OIDC_ISSUER: 'https://id.example',
    BAYWATT_TLS_CERT: 'hub.pem',
    BAYWATT_TRUSTED_PROXIES: '10.0.0.0/33',
    BAYWATT_CLIENT_CERT_HEADER: 'not a header',
  }
  let message = ''
  try {
    readConfig(bad)
  } catch (error) {
    message = String(error)
  }
  for (const name of Object.keys(bad)) expect(message).toContain(name)
})
