/** The command that writes to a chip's flash, as its releases have named it. */
export const ESPTOOL_NAMES = ["esptool", "esptool.py"]

export const ESPTOOL_CURE = "install it with `pip install esptool`, and see that it is on the PATH"
