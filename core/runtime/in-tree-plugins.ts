// Owns the list of plugins that ship with the hub.
// Must not configure them; connections do.
import ocpp from '../../adapters/ocpp/index.ts'
import parcsHttp from '../../adapters/parcs-http/index.ts'
import dashboard from '../../plugins/dashboard/index.ts'
import tariffStandard from '../../plugins/tariff-standard/index.ts'
import type { AnyPlugin } from '../plugin/index.ts'

export const inTreePlugins: readonly AnyPlugin[] = [ocpp, parcsHttp, tariffStandard, dashboard]
