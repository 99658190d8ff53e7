/** A board cannot be set up as it was asked for; the message is for the user. */
export class DevBoardError extends Error {}
