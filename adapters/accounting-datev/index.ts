// Owns the plugin with the Buchungsstapel of DATEV.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { datevExtf } from './datev-extf.ts'

export default accountingPlugin({
  id: 'accounting-datev',
  title: 'DATEV files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [datevExtf],
})
