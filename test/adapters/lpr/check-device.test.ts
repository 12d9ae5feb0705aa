// Owns the proof that the connection test of a Hikvision camera asks the camera itself, by digest, and says what is wrong.
// Must not use the adapter's own digest on the camera's side.
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPluginTester } from '../../../core/testing/index.ts'
import { camera, secret } from './line.ts'

let server: Server
let url: string
let asked: string[] = []
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const value = (name: string) =>
      new RegExp(`\\b${name}="?([^",]+)`).exec(request.headers.authorization ?? '')?.[1] ?? ''
    const answer = [
      md5('admin:DS-2CD:camera-password'),
      'n1',
      value('nc'),
      value('cnonce'),
      'auth',
      md5(`GET:${request.url}`),
    ]
    if (request.headers.authorization && value('response') === md5(answer.join(':')))
      return response.end('<DeviceInfo/>')
    response.writeHead(401, { 'www-authenticate': 'Digest realm="DS-2CD", nonce="n1", qop="auth", opaque="o"' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const check = (config: object, password = 'camera-password') =>
  createPluginTester(camera('hikvision'), { config, fetch, secrets: { inbound: secret, camera: password } }).check()

test('the camera is asked what it is', async () => {
  asked = []
  await check({ cameraUrl: url, cameraUser: 'admin' })
  expect(asked).toEqual(['GET /ISAPI/System/deviceInfo', 'GET /ISAPI/System/deviceInfo'])
})

test('without its address only the settings are looked at', async () => {
  asked = []
  await check({})
  expect(asked).toEqual([])
})

test('a wrong password, a missing user and a camera that is away are told apart', async () => {
  await expect(check({ cameraUrl: url, cameraUser: 'admin' }, 'wrong')).rejects.toMatchObject({ code: 'auth_failed' })
  await expect(check({ cameraUrl: url })).rejects.toMatchObject({ code: 'config_invalid', pointer: '/cameraUser' })
  await expect(check({ cameraUrl: 'http://127.0.0.1:1', cameraUser: 'admin' })).rejects.toMatchObject({
    code: 'not_ready',
  })
})

test('a secret that is too short is refused', async () => {
  const tester = createPluginTester(camera('verkada'), { secrets: { inbound: 'short' } })
  await expect(tester.check()).rejects.toMatchObject({ code: 'config_invalid' })
})
