// See caller.py for the command.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"provenlog.io/provenlog"
)

func main() {
	client, err := provenlog.Open(provenlog.Options{DBPath: os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call struct {
			Name       string
			Parameters map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			log.Fatal(err)
		}
		result, err := client.Call(context.Background(), call.Name, call.Parameters)
		var failure *provenlog.Error
		if errors.As(err, &failure) {
			fmt.Println("error:", failure.Message)
		} else if err != nil {
			log.Fatal(err)
		} else {
			fmt.Println(string(result))
		}
		fmt.Println("end")
	}
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}
}
