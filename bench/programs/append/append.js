// append: one long text that grows at its end, piece by piece.

function main() {
    let text = "";
    for (let i = 1; i <= 30000; i++) {
        const piece = `line ${i};`;
        text = text + piece;
    }

    console.log(`${text.length} ${text.slice(-10)}`);
}

main();
