/** The words of a command line do not say what to do. Exit code 2. */
export class Usage extends Error {}
