// Owns the list of station profiles, in the order in which they are laid over one another.
// Must not hold flags itself: one file per maker or model.
import type { ProfileFile } from '../profile.ts'
import alfen from './alfen.ts'
import entratekPowerDot from './entratek-power-dot.ts'
import evduty from './evduty.ts'
import goE from './go-e.ts'
import grizzlE from './grizzl-e.ts'
import mennekesAmtron4you from './mennekes-amtron-4you.ts'
import openevse from './openevse.ts'
import phoenixCharx from './phoenix-charx.ts'

export const profiles: readonly ProfileFile[] = [
  alfen,
  entratekPowerDot,
  evduty,
  goE,
  grizzlE,
  mennekesAmtron4you,
  openevse,
  phoenixCharx,
]
