// Owns the proof that the simulators' handshakes, good and bad, reach the wire as written and tell what came back.
// Must not test a hub's tolerance.
import { describe, expect, it } from 'vitest'
import { HandshakeRefused, rawUpgrade } from '../../../sim/index.ts'
import { bench, withHub } from './play.ts'

describe('a charger that is refused', () => {
  it('says with which status, and may try again', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      hub.refuse = 401
      await expect(station.connect()).rejects.toThrow(HandshakeRefused)
      await expect(station.connect()).rejects.toMatchObject({ status: 401 })
      hub.refuse = null
      expect(await station.connect()).toMatchObject({ kind: 'accepted' })
      await station.close()
    })
  })
})

describe('a handshake written by hand', () => {
  it('is a good one as it is', async () => {
    await withHub(async (hub) => {
      const { statusLine, headers, socket } = await rawUpgrade(hub.url, '/ocpp/CA-1', {
        'Sec-WebSocket-Protocol': 'ocpp1.6',
      })
      expect(statusLine).toBe('HTTP/1.1 101 Switching Protocols')
      expect(headers.get('sec-websocket-protocol')).toBe('ocpp1.6')
      socket.destroy()
    })
  })

  it('can leave a header out, as behind a proxy that eats it', async () => {
    await withHub(async (hub) => {
      const { statusLine, socket } = await rawUpgrade(hub.url, '/ocpp/CA-1', { Connection: null })
      expect(statusLine).not.toContain('101')
      expect(hub.handshakes).toEqual([])
      socket.destroy()
    })
  })

  it('opens a second socket beside a first one of the same name', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      const second = await rawUpgrade(hub.url, '/ocpp/CA-303', { 'Sec-WebSocket-Protocol': 'ocpp1.6' })
      expect(hub.connected()).toBe(2)
      expect(station.connected()).toBe(true)
      second.socket.destroy()
      await station.close()
    })
  })
})

describe('a hub that breaks the protocol', () => {
  it('is noticed: no JSON, an answer to nothing, an unknown type', async () => {
    await withHub(async (hub) => {
      const { station } = bench(hub, 'ocpp1.6')
      await station.connect()
      const broken = ['{not json', '[3,"unknown",{}]', '[9,"x",{}]']
      for (const text of broken) hub.write(text)
      // A call that is answered after them proves that they have been read.
      await station.heartbeat()
      expect(station.violations).toEqual(broken)
      await station.close()
    })
  })
})
