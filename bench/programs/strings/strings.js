// strings: numbers written as text, pieces joined into one text, and the text searched and cut.

function main() {
    let total = 0;
    let letters = 0;
    let text;

    for (let turn = 1; turn <= 8000; turn++) {
        const pieces = [];
        for (let i = 1; i <= 200; i++) {
            pieces.push(`order-${turn}-${i}`);
        }
        text = pieces.join(",");

        for (let i = 20; i <= 200; i += 20) {
            const place = text.indexOf(`-${i},`) + 1;
            total = total + place % 100;
            letters = letters + text.substring(place, place + 8).toUpperCase().length;
        }
    }

    console.log(`${total} ${letters} ${text.length}`);
}

main();
