// Owns the one place where the X.509 library comes in, behind the polyfill that it needs before it is loaded.
// Must not add anything of our own.
import 'reflect-metadata'

export * from '@peculiar/x509'
