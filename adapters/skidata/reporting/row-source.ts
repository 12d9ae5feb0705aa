// Owns the way to the SQL Server: one connection, questions with parameters, every column as text.
// Must not write: it asks for a read-only session, and runs nothing but what views.ts has.
import type { ConnectionPool } from 'mssql'
import { AuthFailed, NotReady } from '../../../core/plugin/index.ts'
import type { ReportingConfig } from './config.ts'

/** A null column is null. Texts only: a driver must not make instants of local times, nor floats of money. */
export type Row = Readonly<Record<string, string | null>>

export interface RowSource {
  /** @throws NotReady, AuthFailed */
  query(sql: string, params: Readonly<Record<string, string | number>>, signal?: AbortSignal): Promise<Row[]>
  close(): Promise<void>
}

export type ServerConfig = Pick<ReportingConfig, 'address' | 'database' | 'user' | 'encrypt' | 'trustServerCertificate'>

const connectMs = 10_000
const answerMs = 30_000

export function sqlServer(config: ServerConfig, password: () => Promise<string>): RowSource {
  let opening: Promise<ConnectionPool> | undefined
  const open = async (): Promise<ConnectionPool> => {
    // Loaded when first needed: most hubs have no such connection.
    const { default: mssql } = await import('mssql')
    const { hostname, port } = new URL(config.address)
    const pool = new mssql.ConnectionPool({
      server: hostname,
      port: port === '' ? 1_433 : Number(port),
      database: config.database,
      user: config.user,
      password: await password(),
      connectionTimeout: connectMs,
      requestTimeout: answerMs,
      pool: { max: 1, min: 0 },
      options: {
        encrypt: config.encrypt,
        trustServerCertificate: config.trustServerCertificate,
        readOnlyIntent: true,
        appName: 'Baywatt',
      },
    })
    // Errors of an idle connection have nobody else to go to; the next question meets them again.
    pool.on('error', () => undefined)
    return pool.connect()
  }
  const drop = async () => {
    const held = opening
    opening = undefined
    await held?.then((pool) => pool.close()).catch(() => undefined)
  }
  return {
    async query(sql, params, signal) {
      signal?.throwIfAborted()
      try {
        opening ??= open()
        const request = (await opening).request()
        for (const [name, value] of Object.entries(params)) request.input(name, value)
        const cancel = () => request.cancel()
        signal?.addEventListener('abort', cancel, { once: true })
        try {
          const { recordset } = await request.query<Record<string, unknown>>(sql)
          return (recordset ?? []).map(textRow)
        } finally {
          signal?.removeEventListener('abort', cancel)
        }
      } catch (error) {
        // Whatever state the connection is in: the next question begins with a new one.
        await drop()
        throw failure(error)
      }
    },
    close: drop,
  }
}

function textRow(row: Record<string, unknown>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null || value === undefined ? null : String(value)]),
  )
}

function failure(error: unknown): Error {
  const { code, message = String(error) } = (error ?? {}) as { code?: unknown; message?: string }
  if (code === 'ELOGIN') return new AuthFailed(`The SQL Server refuses the login: ${message}`, error)
  if (code === 'EREQUEST') return new NotReady(`The SQL Server refuses the question: ${message}`, error)
  return new NotReady(`The SQL Server could not be asked: ${message}`, error)
}
