// Owns the event socket: open as long as the connection runs, opened again with growing pauses, nothing taken before it is kept.
// Must not understand an event.
import type { Clock, Log, VendorSocket, VendorSocketOptions } from '../../../core/plugin/index.ts'
import { monitorCall, type SocketKey } from './api.ts'
import type { Intake } from './intake.ts'

export interface MonitorDeps extends SocketKey {
  baseUrl: string
  silenceMs: number
  apiKey(): Promise<string>
  webSocket(url: URL, options: VendorSocketOptions): Promise<VendorSocket>
  intake: Intake
  /** The socket is open again: what happened meanwhile may have to be asked for. */
  opened(): void
  signal: AbortSignal
  clock: Clock
  log: Log
}

export interface Monitor {
  stop(): void
  /** Null while it listens. */
  trouble(): string | null
}

const firstPauseMs = 1_000
const longestPauseMs = 300_000
const keepAgainMs = 5_000

export function monitor(deps: MonitorDeps): Monitor {
  const { baseUrl, silenceMs, webSocket, intake, clock, log, signal } = deps
  let stopped = false
  let socket: VendorSocket | undefined
  let cancel = () => {}
  let pauseMs = firstPauseMs
  let trouble: string | null = 'The event socket is not open yet.'

  const again = (reason: string) => {
    socket = undefined
    if (stopped || signal.aborted) return
    trouble = /: 40[13]$/.test(reason)
      ? `The service refuses the API key for its event socket (${reason}).`
      : `The event socket is not open: ${reason}.`
    log.warn({ reason, pauseMs }, 'the event socket of the MobileAPI is opened again after a pause')
    cancel = clock.after(pauseMs, () => void open())
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }

  /** The service has handed the message over and will not say it again: wait for the database rather than lose it. */
  const kept = async (message: string): Promise<void> => {
    for (;;) {
      const failed = await intake.keep(message).then(
        () => null,
        (error: unknown) => error,
      )
      if (failed === null) return
      if (stopped || signal.aborted) throw failed
      log.error({ err: failed }, 'an event of the MobileAPI could not be kept yet')
      await new Promise<void>((resolve) => {
        cancel = clock.after(keepAgainMs, resolve)
      })
    }
  }

  const open = async () => {
    if (stopped || signal.aborted) return
    try {
      const { url, headers } = monitorCall(baseUrl, deps, await deps.apiKey())
      const options: VendorSocketOptions = {
        headers,
        silenceMs,
        async onMessage(message) {
          await kept(message)
          // A service that takes the socket and ends it at once is not up; one that speaks is.
          pauseMs = firstPauseMs
          await intake
            .tell()
            .catch((error: unknown) => log.error({ err: error }, 'the hub could not be told of an event yet'))
        },
      }
      const made = await webSocket(url, options)
      if (stopped) return made.close()
      socket = made
      trouble = null
      deps.opened()
      void made.ended.then(({ reason }) => again(reason))
    } catch (error) {
      again(error instanceof Error ? error.message : String(error))
    }
  }
  void open()

  return {
    stop() {
      stopped = true
      cancel()
      socket?.close()
    },
    trouble: () => trouble,
  }
}
