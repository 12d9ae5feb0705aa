// Owns the proof that the simulated parking system signs as the Standard Webhooks specification says.
// Must not verify with the hub's code.
import { describe, expect, it } from 'vitest'
import { signDelivery } from '../../../sim/index.ts'

describe('signature', () => {
  it('gives the published reference vector', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const at = new Date(1_614_265_330_000)
    expect(signDelivery(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', at, '{"test": 2432232314}')).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('signs bytes, so text beyond ASCII and a second that is not whole change nothing', () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    const at = new Date(1_614_265_330_999)
    const signed = signDelivery(secret, 'msg_1', at, '{"text":"Überfahrt"}')
    expect(signed['webhook-timestamp']).toBe('1614265330')
    // openssl dgst -sha256 -mac HMAC -macopt hexkey:0707… -binary | base64
    expect(signed['webhook-signature']).toBe('v1,YNza89xc0g3onQhAILXbTPklRIs6DiCoLuMzF5uu/0A=')
  })
})
