# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=FILE -DOUTPUT=FILE.c -DSYMBOL=NAME -P embed.cmake: the bytes of a file as an array of C. The
# assembler reads them; as numbers between commas, an image of all architectures is 10 MB to parse.
file(WRITE ${OUTPUT} "__asm__(\".pushsection .rodata\\n.balign 64\\n.global ${SYMBOL}\\n.hidden ${SYMBOL}\\n\"
        \"${SYMBOL}: .incbin \\\"${INPUT}\\\"\\n.popsection\\n\");\n")
