// Owns the list of cameras that the hub understands, each a plugin of its own: its form, its traits, its test.
// Must not know how they work; see README.md for setting one up.
import type { AnyPlugin } from '../../core/plugin/index.ts'
import { cameraPlugin } from './camera-plugin.ts'
import { axis } from './vendors/axis.ts'
import { dahua } from './vendors/dahua.ts'
import { generic } from './vendors/generic/index.ts'
import { genetec } from './vendors/genetec.ts'
import { hikvision } from './vendors/hikvision/index.ts'
import { lector } from './vendors/lector.ts'
import { milesight } from './vendors/milesight.ts'
import { plateRecognizer } from './vendors/plate-recognizer.ts'
import { rekor } from './vendors/rekor.ts'
import { tattile } from './vendors/tattile.ts'
import { verkada } from './vendors/verkada.ts'

const cameras: readonly AnyPlugin[] = [
  cameraPlugin(axis),
  cameraPlugin(dahua),
  cameraPlugin(genetec),
  cameraPlugin(hikvision),
  cameraPlugin(lector),
  cameraPlugin(milesight),
  cameraPlugin(plateRecognizer),
  cameraPlugin(rekor),
  cameraPlugin(tattile),
  cameraPlugin(verkada),
  cameraPlugin(generic),
]

export default cameras
