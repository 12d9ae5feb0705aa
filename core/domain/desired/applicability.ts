// Owns which kinds of things a version of OCPP has a way to, and what of a value counts as a change.
// Must not know what one station can; its answers tell.
import type { DesiredContent } from './desired-item.ts'
import type { Protocol } from './known-item.ts'

/** In plain words; null where there is a way. */
export function whyNot(item: DesiredContent, protocol: Protocol, siteId: string | null): string | null {
  const old = protocol === 'ocpp1.6'
  switch (item.kind) {
    case 'setting':
      if (old && /^[^.]*Ctrlr\b/.test(item.key))
        return 'This is the name of an OCPP 2 variable; the station speaks 1.6.'
      if (!old && !item.key.includes('.'))
        return 'This is the name of an OCPP 1.6 key; the station speaks a later version.'
      return null
    case 'local_list':
      return siteId === null ? 'The station stands at no site, so nobody is on its list.' : null
    case 'default_tariff':
      return protocol === 'ocpp2.1' ? null : 'Only OCPP 2.1 brings tariffs to the station.'
    case 'display_message':
    case 'network_profile':
      return old ? 'OCPP 1.6 has no message for this.' : null
    case 'profile':
    case 'root_certificate':
      return null
  }
}

/** The part of a value that the station is told; the rest is for the hub alone. */
export function essence(item: DesiredContent): unknown {
  switch (item.kind) {
    case 'setting':
      return item.value.value
    case 'profile':
      return [item.value.evse ?? null, item.value.profile]
    case 'local_list':
    case 'root_certificate':
    case 'default_tariff':
    case 'display_message':
    case 'network_profile':
      return item.value
  }
}
