// Owns the one place where this plugin takes in the X.509 library, behind the polyfill that it needs.
// Must not add anything of its own.
import 'reflect-metadata'

export * from '@peculiar/x509'
