// Owns a station that plays behind `deliver`: it keeps settings, profiles, certificates and a list, and can refuse or stay silent.
// Must not know how the hub decides; it does what it is told and remembers it.
import type { CommandReply, ListEntry, StationCommand } from '../../../core/plugin/index.ts'

export type Answer = (command: StationCommand) => CommandReply | undefined | Promise<CommandReply | undefined>

export function scriptedStation(settings: Record<string, string> = {}) {
  const values = new Map(Object.entries(settings))
  const profiles = new Map<number, unknown>()
  let list = { version: 0, entries: new Map<string, ListEntry>() }
  const station = {
    heard: [] as StationCommand[],
    values,
    profiles,
    /** Answers in place of what follows, where it gives one. */
    instead: (() => undefined) as Answer,
    names: () => station.heard.map(({ name }) => name),
    tokens: () => [...list.entries.keys()].sort(),
    forget() {
      profiles.clear()
      list = { version: 0, entries: new Map() }
    },
    async deliver({ command }: { command: StationCommand }): Promise<CommandReply> {
      station.heard.push(command)
      return (await station.instead(command)) ?? obey(command)
    },
  }

  const obey = (command: StationCommand): CommandReply => {
    switch (command.name) {
      case 'read_settings': {
        const keys = command.keys ?? []
        return {
          kind: 'accepted',
          result: {
            settings: Object.fromEntries(
              keys.filter((key) => values.has(key)).map((key) => [key, { value: values.get(key), readonly: false }]),
            ),
            unknown: keys.filter((key) => !values.has(key)),
          },
        }
      }
      case 'write_setting':
        values.set(command.key, command.value)
        return { kind: 'accepted' }
      case 'set_profile':
        profiles.set(command.profile.profileId, command.profile)
        return { kind: 'accepted' }
      case 'clear_profiles':
        profiles.delete(command.profileId ?? 0)
        return { kind: 'accepted' }
      case 'read_list_version':
        return { kind: 'accepted', result: { version: list.version } }
      case 'send_list': {
        if (command.mode === 'full') list.entries.clear()
        else if (command.version <= list.version) return { kind: 'refused', reason: 'VersionMismatch' }
        for (const entry of command.entries) {
          if (entry.authorization === undefined) list.entries.delete(entry.token.value)
          else list.entries.set(entry.token.value, entry)
        }
        list.version = command.version
        return { kind: 'accepted' }
      }
      case 'reset':
        return { kind: 'accepted' }
      default:
        return { kind: 'unsupported', reason: 'NotImplemented' }
    }
  }
  return station
}
