/** A development board cannot be set up with the given options. The message is for the user. */
export class DevBoardError extends Error {}
