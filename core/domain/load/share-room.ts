// Owns how the room of nested circuits is shared: equally among those that charge, a whole amp at a time.
// Must not mind what stations were told; guard-site.ts comes to these shares step by step.
import type { GuardSettings, LoadEvse, LoadSite } from './load-site.ts'
import { Accounts, fallbackOf, isControlled, worstOf } from './worst-case.ts'

/** Whether a limit can be told and will bind: what cannot keeps what it may draw. */
export function isReachable(evse: LoadEvse, settings: GuardSettings): boolean {
  return evse.connected && evse.installedA !== null && isControlled(evse, settings)
}

/**
 * The share of each EVSE. Who cannot be told anything keeps its worst case, who does not charge its failsafe share. Those that charge
 * have that at least, then water is filled up: the lowest first, until a circuit above is full. Where not even the failsafe shares have
 * room (somebody ignores limits), all begin at nothing there, and get no more than those: what a station falls back to cannot be lent.
 * Whoever can have less than the minimum has nothing; where there is room for some only, they take turns.
 */
export function shareRoom(site: LoadSite, now: Date, settings: GuardSettings): Map<string, number> {
  const shares = new Map<string, number>()
  const accounts = new Accounts(site, now)
  const reachable: LoadEvse[] = []
  for (const evse of site.evses) {
    if (isReachable(evse, settings)) reachable.push(evse)
    else {
      shares.set(evse.evseId, worstOf(evse, now, now, settings))
      accounts.take(evse, worstOf(evse, now, now, settings))
    }
  }
  const floors = new Accounts(site, now)
  for (const evse of site.evses) floors.take(evse, shares.get(evse.evseId) ?? fallbackOf(evse))
  const caps = new Map<string, number>()
  for (const evse of reachable) {
    const squeezed = floors.isSqueezed(evse)
    const floor = squeezed ? 0 : fallbackOf(evse)
    caps.set(evse.evseId, squeezed ? fallbackOf(evse) : evse.maxA)
    shares.set(evse.evseId, floor)
    accounts.take(evse, floor)
  }
  const share = (evse: LoadEvse) => shares.get(evse.evseId) ?? 0
  const raise = (evse: LoadEvse, to: number): boolean => {
    const more = to - share(evse)
    if (to > (caps.get(evse.evseId) ?? 0) || !accounts.fits(evse, more)) return false
    accounts.take(evse, more)
    shares.set(evse.evseId, to)
    return true
  }
  const queue = inTurn(
    reachable.filter(({ charging }) => charging),
    now,
    settings,
  )
  for (const evse of queue) if (share(evse) < evse.minA) raise(evse, evse.minA)
  let open = queue.filter((evse) => share(evse) >= evse.minA)
  while (open.length > 0) {
    const lowest = Math.min(...open.map(share))
    open = open.filter((evse) => share(evse) > lowest || raise(evse, lowest + 1))
  }
  return shares
}

function inTurn(evses: readonly LoadEvse[], now: Date, { turnMs }: GuardSettings): LoadEvse[] {
  const sorted = [...evses].sort((a, b) => (a.evseId < b.evseId ? -1 : 1))
  const first = sorted.length === 0 ? 0 : Math.floor(now.getTime() / turnMs) % sorted.length
  return [...sorted.slice(first), ...sorted.slice(0, first)]
}
