import { MoorageError, type MoorageErrorOptions } from "@moorage/errors"

/** A manufactured image or its manifest is missing, damaged or not usable. */
export class ImageError extends MoorageError {
    constructor(message: string, options?: MoorageErrorOptions) {
        super("IMAGE_INVALID", message, options)
    }
}
