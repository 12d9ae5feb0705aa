// Owns a simulated SQL Server over a real socket: enough of TDS 7.4 for a login and questions whose columns are all texts.
// Must not share a line with the adapter, nor understand more of SQL than which view, columns and times are asked for.
import { createServer, type Socket } from 'node:net'

export type SimRow = Record<string, string | null>

export interface SqlServer {
  /** As tcp://127.0.0.1:port. */
  address: string
  /** Rows by view, each with a Time "2019-10-27T02:30:00.000". */
  views: Map<string, { columns: string[]; rows: SimRow[] }>
  /** Every statement that was asked, with its parameters. */
  asked: { sql: string; params: Record<string, string | number | null> }[]
  /** What the next question is answered with instead. */
  fail: ('error' | 'cut' | 'mute')[]
  logins: number
  close(): Promise<void>
}

export const sqlUser = 'hub'
export const sqlPassword = 'a password of the simulated server'

export async function openSqlServer(): Promise<SqlServer> {
  const sockets = new Set<Socket>()
  const server: SqlServer = {
    address: '',
    views: new Map(),
    asked: [],
    fail: [],
    logins: 0,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let buffered = Buffer.alloc(0)
    let message: Buffer[] = []
    socket.on('data', (data) => {
      buffered = Buffer.concat([buffered, data])
      while (buffered.length >= 8) {
        const length = buffered.readUInt16BE(2)
        if (buffered.length < length) return
        const [type = 0, status = 0] = buffered
        message.push(buffered.subarray(8, length))
        buffered = buffered.subarray(length)
        if ((status & 1) === 0) continue
        const whole = Buffer.concat(message)
        message = []
        answer(server, socket, type, whole)
      }
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  server.address = `tcp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return server
}

function answer(server: SqlServer, socket: Socket, type: number, body: Buffer): void {
  if (type === 0x12) return void send(socket, prelogin())
  if (type === 0x10) {
    const [user, password] = credentialsOf(body)
    if (user !== sqlUser || password !== sqlPassword)
      return void send(socket, Buffer.concat([errorToken(18_456, 14, `Login failed for user '${user}'.`), done(2)]))
    server.logins += 1
    return void send(socket, Buffer.concat([loginAck(), done(0)]))
  }
  // An attention is acknowledged; the question it is about was never answered.
  if (type === 0x06) return void send(socket, done(0x20))
  if (type === 0x01) return void send(socket, done(0))
  if (type !== 0x03) return void socket.destroy()
  const question = questionOf(body)
  // How the driver looks whether a connection still stands.
  if (question.sql === 'SELECT 1;')
    return void send(socket, Buffer.concat([columnsToken(['']), inProcDone, procDone(0)]))
  server.asked.push(question)
  switch (server.fail.shift()) {
    case 'error':
      return void send(socket, Buffer.concat([errorToken(208, 16, "Invalid object name 'dbo.View'."), procDone(2)]))
    case 'cut':
      return void socket.destroy()
    case 'mute':
      return
  }
  const { columns, rows } = resultOf(server, question)
  send(
    socket,
    Buffer.concat([columnsToken(columns), ...rows.map((row) => rowToken(columns, row)), inProcDone, procDone(0)]),
  )
}

function resultOf(
  server: SqlServer,
  { sql, params }: SqlServer['asked'][number],
): { columns: string[]; rows: SimRow[] } {
  if (sql.includes('INFORMATION_SCHEMA'))
    return {
      columns: ['TABLE_NAME', 'COLUMN_NAME'],
      rows: [...server.views].flatMap(([view, { columns }]) =>
        columns.map((column) => ({ TABLE_NAME: view, COLUMN_NAME: column })),
      ),
    }
  const view = /FROM \[\w+\]\.\[(\w+)\]/.exec(sql)?.[1] ?? ''
  const columns = [...sql.matchAll(/AS \[(\w+)\]/g)].map(([, column = '']) => column)
  const rows = (server.views.get(view)?.rows ?? [])
    .filter(({ Time }) => Time != null && Time >= String(params.from) && Time < String(params.until))
    .sort((a, b) => (String(a.Time) < String(b.Time) ? -1 : 1))
    .slice(0, Number(params.most))
  return { columns, rows }
}

/** A response goes out in packets of at most 4,096 bytes, as real ones do. */
function send(socket: Socket, body: Buffer): void {
  const most = 4_088
  for (let from = 0, id = 1; from < body.length || from === 0; from += most, id++) {
    const part = body.subarray(from, from + most)
    const head = Buffer.from([0x04, from + most >= body.length ? 1 : 0, 0, 0, 0, 0, id & 0xff, 0])
    head.writeUInt16BE(part.length + 8, 2)
    socket.write(Buffer.concat([head, part]))
  }
}

const ucs2 = (text: string) => Buffer.from(text, 'utf16le')
const shortText = (text: string) => Buffer.concat([Buffer.from([text.length]), ucs2(text)])
const u16 = (value: number) => {
  const out = Buffer.alloc(2)
  out.writeUInt16LE(value)
  return out
}
const u32 = (value: number) => {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}

/** Options VERSION and ENCRYPTION (2: not supported). */
function prelogin(): Buffer {
  const head = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff])
  return Buffer.concat([head, Buffer.from([15, 0, 0, 0, 0, 0]), Buffer.from([2])])
}

function credentialsOf(login: Buffer): [string, string] {
  const at = (offset: number) => {
    const from = login.readUInt16LE(offset)
    return login.subarray(from, from + login.readUInt16LE(offset + 2) * 2)
  }
  const hidden = Buffer.from(at(44).map((byte) => ((byte ^ 0xa5) >> 4) | (((byte ^ 0xa5) << 4) & 0xff)))
  return [at(40).toString('utf16le'), hidden.toString('utf16le')]
}

function loginAck(): Buffer {
  const body = Buffer.concat([
    Buffer.from([1, 0x74, 0, 0, 4]),
    shortText('Simulated SQL Server'),
    Buffer.from([15, 0, 0, 0]),
  ])
  return Buffer.concat([Buffer.from([0xad]), u16(body.length), body])
}

function errorToken(number: number, severity: number, message: string): Buffer {
  const body = Buffer.concat([
    u32(number),
    Buffer.from([1, severity]),
    u16(message.length),
    ucs2(message),
    shortText('SIM'),
    shortText(''),
    u32(1),
  ])
  return Buffer.concat([Buffer.from([0xaa]), u16(body.length), body])
}

const done = (status: number) => Buffer.concat([Buffer.from([0xfd]), u16(status), u16(0), Buffer.alloc(8)])
const procDone = (status: number) =>
  Buffer.concat([Buffer.from([0x79]), u32(0), Buffer.from([0xfe]), u16(status), u16(0), Buffer.alloc(8)])

/** Ends a result inside a call; 1: more follows. */
const inProcDone = Buffer.concat([Buffer.from([0xff]), u16(1), u16(0), Buffer.alloc(8)])

const nvarchar = Buffer.concat([Buffer.from([0xe7]), u16(8_000), Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34])])

function columnsToken(columns: readonly string[]): Buffer {
  const each = columns.map((name) => Buffer.concat([u32(0), u16(1), nvarchar, shortText(name)]))
  return Buffer.concat([Buffer.from([0x81]), u16(columns.length), ...each])
}

function rowToken(columns: readonly string[], row: SimRow): Buffer {
  const each = columns.map((name) => {
    const value = row[name]
    return value == null ? u16(0xffff) : Buffer.concat([u16(value.length * 2), ucs2(value)])
  })
  return Buffer.concat([Buffer.from([0xd1]), ...each])
}

/** A call of sp_executesql: the statement, the declaration, and the parameters by name. */
function questionOf(body: Buffer): SqlServer['asked'][number] {
  let at = body.readUInt32LE(0)
  at += body.readUInt16LE(at) === 0xffff ? 4 : 2 + body.readUInt16LE(at) * 2
  at += 2
  const values: [string, string | number | null][] = []
  while (at < body.length) {
    const nameLength = body.readUInt8(at) * 2
    const name = body.subarray(at + 1, at + 1 + nameLength).toString('utf16le')
    at += 1 + nameLength + 1
    const type = body.readUInt8(at)
    if (type === 0x26) {
      const size = body.readUInt8(at + 2)
      values.push([name, size === 0 ? null : body.readIntLE(at + 3, size)])
      at += 3 + size
    } else if (type === 0xe7) {
      const most = body.readUInt16LE(at + 1)
      at += 8
      if (most === 0xffff) {
        at += 8
        let text = ''
        for (let size = body.readUInt32LE(at); size > 0; size = body.readUInt32LE(at)) {
          text += body.subarray(at + 4, at + 4 + size).toString('utf16le')
          at += 4 + size
        }
        at += 4
        values.push([name, text])
      } else {
        const size = body.readUInt16LE(at)
        values.push([name, size === 0xffff ? null : body.subarray(at + 2, at + 2 + size).toString('utf16le')])
        at += 2 + (size === 0xffff ? 0 : size)
      }
    } else throw new Error(`the simulated server knows no parameter of type ${type}`)
  }
  const [statement, , ...params] = values
  return {
    sql: String(statement?.[1] ?? ''),
    params: Object.fromEntries(params.map(([name, value]) => [name.replace('@', ''), value])),
  }
}
