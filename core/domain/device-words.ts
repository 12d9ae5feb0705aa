// Owns the two smallest words of the charger side: an instant as a device told it, and a token as it was presented.
// Must not know any fact or command; those are made of these.

/** A moment as the device told it and as the hub uses it. `at` falls back to the receive time when the device's clock is unusable. */
export interface DeviceTime {
  /** The instant every rule works with. */
  at: Date
  /** What the device said, parsed leniently; null when it said nothing or nothing that can be read. */
  device: Date | null
}

export interface IdToken {
  value: string
  /** `central`, `emaid`, `iso14443`, `iso15693`, `key_code`, `local`, `mac`, `none` or `unknown`. */
  kind: string
}
