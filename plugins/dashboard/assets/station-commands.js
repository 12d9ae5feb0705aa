// Owns telling a station something and waiting for what really came of it, with a notice that says how far it is.
// Must not take "accepted" for "done": a stop is done when the session has ended, a start when one has begun.
import * as api from './api.js'
import { energy } from './formats.js'

const askEveryMs = 1_000
/** A station that said yes is given this long to do it. */
const patienceMs = 60_000
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const ends = {
  timed_out: 'The station did not answer in time. What it did is not known.',
  expired: 'The station could not be reached in time; it was not told.',
  superseded: 'A newer command took its place.',
  cancelled: 'It was withdrawn before the station was told.',
  failed: 'The command failed.',
}

/** `settled(stationId)` is called when a command to that station has come to its end, or to where nobody waits for it. */
export function stationCommands({ data, say, changed, settled }) {
  const running = new Set()

  async function follow(one, stationId, body, words) {
    running.add(one)
    const notice = say({
      tone: 'calm',
      icon: 'waiting',
      title: words.title,
      text: 'Handing it to the hub…',
      stays: true,
    })
    const tell = (short, text, more = {}) => {
      one.short = short
      notice.change({ text, action: undefined, ...more })
      changed()
    }
    const end = (tone, title, text) =>
      notice.change({ tone, icon: undefined, title, text, action: undefined, stays: tone !== 'good' })
    try {
      let command = await api.post(`/api/v1/stations/${stationId}/commands`, body)
      for (let shown = ''; !isOver(command); ) {
        if (shown !== command.state) {
          shown = command.state
          if (command.state === 'queued') {
            const run = () => withdraw(command)
            tell('Waiting…', 'Waits until the station can take it.', { action: { label: 'Withdraw', run } })
          } else if (command.state === 'sent') tell('Sent…', 'The station has been told.')
          else if (command.outcome === 'pending')
            tell(
              'Accepted…',
              command.name === 'start'
                ? 'The station said yes. Waiting for charging to begin.'
                : 'The station said yes. Waiting for what it has to tell.',
            )
        }
        await pause(askEveryMs)
        command = await api.get(`/api/v1/commands/${command.commandId}`)
      }
      await words.finish(command, { tell, end })
    } catch (error) {
      end('bad', words.failed, error.message)
    } finally {
      running.delete(one)
      data().touch('overview', 'sessions', 'evses', 'stations')
      settled(stationId)
      changed()
    }
  }

  async function withdraw({ commandId, stationId }) {
    try {
      await api.post(`/api/v1/commands/${commandId}/cancel`)
    } catch (error) {
      say({ tone: 'bad', title: 'Too late to withdraw it', text: error.message })
    }
    settled(stationId)
  }

  function isOver({ state, outcome }) {
    return state !== 'queued' && state !== 'sent' && outcome !== 'pending'
  }

  /** Not accepted, in words; null when it was. */
  function refusal({ state, outcome, reason }) {
    if (state !== 'answered') return reason ?? ends[state] ?? `The command is ${state}.`
    if (outcome === 'refused') return `The station refused${reason ? `: ${reason}` : '.'}`
    if (outcome === 'not_started') return reason ?? 'The station said yes, but charging did not begin.'
    if (outcome === 'failed' || outcome === 'incomplete') return reason ?? 'It did not come to its end.'
    if (outcome === 'unknown') return reason ?? 'What came of it is not known.'
    return null
  }

  const simple = (title, done, failed) => ({
    title,
    failed,
    finish(command, { end }) {
      const no = refusal(command)
      if (no === null) end('good', done, '')
      else end('bad', failed, no)
    },
  })

  return {
    withdraw,

    /** Everything that the station is to have is looked at anew; what comes of it is told as it comes. */
    async reconcile({ stationId, code }) {
      try {
        const { connected } = await api.post(`/api/v1/stations/${stationId}/reconcile`)
        say({
          tone: connected ? 'good' : 'calm',
          title: connected ? `${code} is being brought in line` : `${code} is not connected`,
          text: connected
            ? 'It is read anew; what it says is shown as it comes.'
            : 'It begins when the station is back.',
        })
      } catch (error) {
        say({ tone: 'bad', title: `${code} was not looked at`, text: error.message })
      }
      settled(stationId)
    },

    /** What is under way for this session or station, if anything. */
    of: ({ name, sessionId }) => [...running].find((one) => one.name === name && one.sessionId === sessionId) ?? null,

    stop: (session, plug) =>
      follow(
        { name: 'stop', sessionId: session.sessionId, short: 'Stopping…' },
        session.stationId,
        { name: 'stop', sessionId: session.sessionId },
        {
          title: `Stopping ${plug}`,
          failed: `${plug} was not stopped`,
          async finish(command, { tell, end }) {
            const no = refusal(command)
            if (no !== null) return end('bad', `${plug} was not stopped`, no)
            tell('Accepted…', 'The station said yes. Waiting for the session to end.')
            for (const until = performance.now() + patienceMs; performance.now() < until; await pause(askEveryMs)) {
              const now = await api.get(`/api/v1/charging-sessions/${session.sessionId}`)
              if (now.state !== 'active')
                return end('good', `Charging at ${plug} has ended`, `${energy(now.energyWh)} in this session.`)
            }
            return end('bad', `${plug} is still charging`, 'The station said yes, but the session has not ended.')
          },
        },
      ),

    start: (station, name, evse, token) =>
      follow(
        { name: 'start' },
        station.stationId,
        { name: 'start', evse, token },
        {
          title: `Starting ${name}`,
          failed: `${name} was not started`,
          finish(command, { end }) {
            const no = refusal(command)
            if (no === null) end('good', `Charging at ${name} has begun`, '')
            else end('bad', `${name} was not started`, no)
          },
        },
      ),

    reset: (station, name, mode) =>
      follow(
        { name: 'reset' },
        station.stationId,
        { name: 'reset', mode },
        simple(`Restarting ${name}`, `${name} restarts`, `${name} was not restarted`),
      ),

    /** Any other command; `done` says in words what an accepted one came to. */
    work: (station, { label, plug, done }, body) =>
      follow({ name: body.name }, station.stationId, body, {
        title: `${label}: ${plug}`,
        failed: `${label}: not done at ${plug}`,
        finish(command, { end }) {
          const no = refusal(command)
          if (no === null) end('good', done(command), '')
          else end('bad', `${label}: not done at ${plug}`, no)
        },
      }),

    unlock: (station, name, evse) =>
      follow(
        { name: 'unlock' },
        station.stationId,
        { name: 'unlock', evse },
        simple(`Unlocking ${name}`, `${name}: the cable is unlocked`, `${name} was not unlocked`),
      ),
  }
}
