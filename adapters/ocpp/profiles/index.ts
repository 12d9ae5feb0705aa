// Owns the list of station profiles by file name, in the order in which they are laid over one another.
// Must not hold flags itself: one file per maker or model, made after blueprint.ts.
import type { ProfileFile } from '../profile.ts'
import abb from './abb.ts'
import alfen from './alfen.ts'
import beny from './beny.ts'
import chargeAmps from './charge-amps.ts'
import delta from './delta.ts'
import easee from './easee.ts'
import enPlus from './en-plus.ts'
import entratekPowerDot from './entratek-power-dot.ts'
import etrel from './etrel.ts'
import evbox from './evbox.ts'
import evduty from './evduty.ts'
import goE from './go-e.ts'
import goEBefore0556 from './go-e-before-055-6.ts'
import grizzlE from './grizzl-e.ts'
import growattThor from './growatt-thor.ts'
import hager from './hager.ts'
import huawei from './huawei.ts'
import iocharger from './iocharger.ts'
import keba from './keba.ts'
import legrand from './legrand.ts'
import mennekesAmtron4you from './mennekes-amtron-4you.ts'
import openevse from './openevse.ts'
import openevse422 from './openevse-4-2-2.ts'
import phoenixCharx from './phoenix-charx.ts'
import schneider from './schneider.ts'
import smartEvse from './smart-evse.ts'
import vestelEvc04 from './vestel-evc04.ts'
import wallbox from './wallbox.ts'
import wallboxCopper from './wallbox-copper.ts'

export const profiles: Readonly<Record<string, ProfileFile>> = {
  abb,
  alfen,
  beny,
  'charge-amps': chargeAmps,
  delta,
  easee,
  'en-plus': enPlus,
  'entratek-power-dot': entratekPowerDot,
  etrel,
  evbox,
  evduty,
  'go-e': goE,
  'go-e-before-055-6': goEBefore0556,
  'grizzl-e': grizzlE,
  'growatt-thor': growattThor,
  hager,
  huawei,
  iocharger,
  keba,
  legrand,
  'mennekes-amtron-4you': mennekesAmtron4you,
  openevse,
  'openevse-4-2-2': openevse422,
  'phoenix-charx': phoenixCharx,
  schneider,
  'smart-evse': smartEvse,
  'vestel-evc04': vestelEvc04,
  wallbox,
  'wallbox-copper': wallboxCopper,
}
