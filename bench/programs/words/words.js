// words: a text split into words, and the words counted in a map by computed keys.

function main() {
    const pieces = [];
    let seed = 42;
    for (let i = 0; i < 50000; i++) {
        seed = (seed * 3877 + 29573) % 139968;
        pieces.push(`word${seed % 1000 * (seed % 3 + 1)}`);
    }
    const text = pieces.join(" ");

    let total = 0;
    let most = 0;

    for (let turn = 0; turn < 150; turn++) {
        const counts = new Map();
        for (const word of text.split(" ")) {
            counts.set(word, (counts.get(word) ?? 0) + 1);
        }

        most = 0;
        for (const count of counts.values()) {
            most = Math.max(most, count);
        }
        total = total + counts.size;
    }

    console.log(`${text.length} ${total} ${most}`);
}

main();
