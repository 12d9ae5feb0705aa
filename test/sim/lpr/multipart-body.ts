// Owns building a multipart body byte by byte, as firmware does: any header left out, any order.
// Must not use the platform's FormData, which only builds good ones.

export interface SentPart {
  name?: string
  filename?: string
  contentType?: string
  body: Uint8Array | string
}

export function multipartBody(parts: readonly SentPart[], boundary = 'camera-boundary') {
  const chunks = parts.flatMap(({ name, filename, contentType, body }) => {
    const disposition = [
      'form-data',
      ...(name === undefined ? [] : [`name="${name}"`]),
      ...(filename === undefined ? [] : [`filename="${filename}"`]),
    ].join('; ')
    const head = [
      `--${boundary}`,
      `Content-Disposition: ${disposition}`,
      ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
      '',
      '',
    ].join('\r\n')
    return [Buffer.from(head), Buffer.from(body), Buffer.from('\r\n')]
  })
  const bytes = Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)])
  return { bytes, contentType: `multipart/form-data; boundary=${boundary}` }
}
