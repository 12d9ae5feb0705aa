// Owns throw-away root certificates for tests.
// Must not be used to sign anything.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { commonNameOf, pemOf, sequence, tagged } from './station/der.ts'

export function selfSignedRoot(commonName: string): { pem: string; serialNumber: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  // Positive, and its first digit is not a zero.
  const serial = randomBytes(8)
  serial[0] = 0x5a
  const algorithm = sequence(tagged(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])))
  const name = sequence(commonNameOf(commonName))
  const time = (text: string) => tagged(0x17, Buffer.from(text))
  const tbs = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    name,
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey,
  )
  const signature = sign('sha256', tbs, createPrivateKey(privateKey))
  const der = sequence(tbs, algorithm, tagged(0x03, Buffer.from([0]), signature))
  return { pem: pemOf('CERTIFICATE', der), serialNumber: serial.toString('hex') }
}
