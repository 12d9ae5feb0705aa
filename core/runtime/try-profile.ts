// Owns the process behind `npm run parcs:try`: a vendor profile is tried on a capture, without a hub.
// Must not do more than give the command its arguments and the time.
import { tryCommand } from '../../adapters/parcs-template/try/command.ts'

process.exitCode = tryCommand(process.argv.slice(2), new Date(), (line) => console.log(line))
