// Owns cutting a multipart body into its parts, within limits on their number, their headers and their size.
// Must not judge a part by what its header claims; read-message.ts looks at the bytes.
import { Dicer } from '@fastify/busboy'
import { bad, ok, type Read } from './body-problem.ts'

export interface Part {
  /** Of its disposition: the name, or where firmware leaves it out the file's name. */
  name: string
  contentType: string
  bytes: Uint8Array
}

/** A Hikvision alert has five; nobody sends more than ten. */
const mostParts = 32

/** Null where the type is not multipart; undefined where it is and has no usable boundary. */
export function boundaryOf(contentType: string): string | null | undefined {
  if (!/^\s*multipart\//i.test(contentType)) return null
  const [, quoted, bare] = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType) ?? []
  return quoted ?? bare
}

export function splitMultipart(body: Uint8Array, boundary: string): Promise<Read<Part[]>> {
  return new Promise((resolve) => {
    const parts: Part[] = []
    const dicer = new Dicer({ boundary, maxHeaderPairs: 32 })
    let count = 0
    dicer.on('part', (stream) => {
      count += 1
      if (count > mostParts) {
        stream.resume()
        return resolve(bad('', `has more than ${mostParts} parts`))
      }
      const chunks: Uint8Array[] = []
      let header: Readonly<Record<string, readonly string[]>> = {}
      stream.on('header', (given: object) => {
        header = given as typeof header
      })
      stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      stream.on('error', () => resolve(cutShort(count)))
      stream.on('end', () => parts.push(partOf(header, Buffer.concat(chunks))))
    })
    dicer.on('finish', () => resolve(ok(parts)))
    dicer.on('error', () => resolve(cutShort(count)))
    dicer.end(body)
  })
}

function cutShort(count: number) {
  return bad(`/${Math.max(count - 1, 0)}`, 'is a part that breaks off: the closing boundary is missing')
}

function partOf(header: Readonly<Record<string, readonly string[]>>, bytes: Uint8Array): Part {
  const disposition = header['content-disposition']?.[0] ?? ''
  const value = (key: string) => {
    const [, quoted, bare] =
      new RegExp(`(?:^|[;\\s])${key}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(disposition) ?? []
    return quoted ?? bare
  }
  const name = value('name') ?? value('filename') ?? header['content-id']?.[0] ?? ''
  return { name: name.slice(0, 200), contentType: header['content-type']?.[0] ?? '', bytes }
}
