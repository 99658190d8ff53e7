import type { Command } from "commander"
import type { FlashOptions } from "./run.js"

const EPILOGUE = `
Examples
  moorage flash flash/images/board-0001-0x1c0000.bin --port /dev/ttyUSB0
  moorage flash flash/images/board-0001-0x1c0000.bin --port COM7 --dry-run

The board must already have the DeviceScript runtime. Flash it once with \`npx devs flash --board PROFILE\`.

Exit codes: 0 done, 1 the image is damaged, or esptool is missing or failed, 2 wrong usage, 130 interrupted.`

/** Adds `moorage flash`. */
export function addFlash(program: Command): void {
    program
        .command("flash")
        .summary("write a manufactured image to a board")
        .description("Checks an image against its manifest, and writes it to the board with esptool.")
        .argument("<image>", "image file that `moorage manufacture` wrote")
        .requiredOption("--port <tty>", "serial port of the board")
        .option("--dry-run", "print the command line of esptool, without flashing", false)
        .addHelpText("after", EPILOGUE)
        .action(async (image: string, options: FlashOptions) => {
            const { flash } = await import("./run.js")
            await flash(image, options)
        })
}
