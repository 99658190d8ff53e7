import type { Command } from "commander"
import type { FlashOptions } from "./run.js"

const EXAMPLES = `
Examples
  moorage flash flash/images/board-0001-0x1c0000.bin --port /dev/ttyUSB0
  moorage flash flash/images/board-0001-0x1c0000.bin --port COM7 --dry-run

The runtime must be on the board: \`npx devs flash --board PROFILE\`, once.
Exit codes: 0 done, 1 the image is not whole, esptool is missing or failed, 2 wrong usage.`

/** `moorage flash`. */
export function addFlash(program: Command): void {
    program
        .command("flash")
        .summary("write a manufactured image to a board")
        .description("Checks an image against its manifest, and writes it to the board with esptool.")
        .argument("<image>", "an image that `moorage manufacture` made")
        .requiredOption("--port <tty>", "the board's serial port")
        .option("--dry-run", "print esptool's line, and do no more", false)
        .addHelpText("after", EXAMPLES)
        .action(async (image: string, options: FlashOptions) => {
            const { flash } = await import("./run.js")
            await flash(image, options)
        })
}
