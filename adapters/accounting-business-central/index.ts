// Owns the plugin with the general journal of Business Central.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { businessCentralCsv } from './business-central-csv.ts'

export default accountingPlugin({
  id: 'accounting-business-central',
  title: 'Business Central files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [businessCentralCsv],
})
