// Package tokencmd is `k3s token`: bootstrap tokens by which agents join.
package tokencmd

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"picluster/lab/k3s/internal/kube"
	"picluster/lab/k3s/internal/token"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

const namespace, prefix = "kube-system", "bootstrap-token-"

// Main runs the subcommand and returns the exit status.
func Main(args []string) int {
	commands := map[string]func(context.Context, []string) error{"create": create, "delete": remove, "generate": generate, "list": list, "ls": list}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: k3s token create|delete|generate|list [options] [token]")
		return 3
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := commands[args[0]](ctx, args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		return 1
	}
	return 0
}

func flags(name string) (*flag.FlagSet, *string) {
	f := flag.NewFlagSet("k3s token "+name, flag.ContinueOnError)
	config := "/etc/rancher/k3s/k3s.yaml"
	if env := os.Getenv("KUBECONFIG"); env != "" {
		config = env
	}
	f.String("data-dir", "/var/lib/rancher/k3s", "accepted, not needed")
	return f, f.String("kubeconfig", config, "server to connect to")
}

func generate(_ context.Context, _ []string) error {
	fmt.Println(token.Random(6) + "." + token.Random(16))
	return nil
}

func create(ctx context.Context, args []string) error {
	f, config := flags("create")
	description := f.String("description", "", "what the token is for")
	groups := f.String("groups", "system:bootstrappers:k3s:default-node-token", "extra groups")
	ttl := f.Duration("ttl", 24*time.Hour, "life time, 0 for ever")
	usages := f.String("usages", "signing,authentication", "what it may be used for")
	if err := f.Parse(args); err != nil {
		return err
	}
	text := f.Arg(0)
	if text == "" {
		text = token.Random(6) + "." + token.Random(16)
	}
	id, secret, err := token.SplitBootstrap(text)
	if err != nil {
		return err
	}
	data := map[string]string{"token-id": id, "token-secret": secret, "auth-extra-groups": *groups}
	for _, u := range strings.Split(*usages, ",") {
		data["usage-bootstrap-"+u] = "true"
	}
	if *description != "" {
		data["description"] = *description
	}
	if *ttl > 0 {
		data["expiration"] = time.Now().UTC().Add(*ttl).Format(time.RFC3339)
	}
	_, client, err := kube.Client(*config)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: prefix + id}, Type: corev1.SecretTypeBootstrapToken, StringData: data}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	ca, err := clusterCA(*config)
	if err != nil {
		return err
	}
	fmt.Println(token.FormatBootstrap(ca, text))
	return nil
}

func clusterCA(path string) ([]byte, error) {
	rc, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, err
	}
	if len(rc.CAData) > 0 {
		return rc.CAData, nil
	}
	return os.ReadFile(rc.CAFile)
}

func remove(ctx context.Context, args []string) error {
	f, config := flags("delete")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return fmt.Errorf("missing argument; 'token delete' is missing token")
	}
	_, client, err := kube.Client(*config)
	if err != nil {
		return err
	}
	for _, a := range f.Args() {
		id, _, _ := strings.Cut(a, ".")
		if err := client.CoreV1().Secrets(namespace).Delete(ctx, prefix+id, metav1.DeleteOptions{}); err != nil {
			return err
		}
		fmt.Printf("bootstrap token %q deleted\n", id)
	}
	return nil
}

// row is one token as `list` shows it.
type row struct {
	Token       string   `json:"token"`
	Expires     string   `json:"expires,omitempty"`
	TTL         string   `json:"-"`
	Usages      []string `json:"usages,omitempty"`
	Description string   `json:"description,omitempty"`
	Groups      []string `json:"groups,omitempty"`
}

func list(ctx context.Context, args []string) error {
	f, config := flags("list")
	output := f.String("output", "", "json or yaml instead of a table")
	f.StringVar(output, "o", "", "short for output")
	if err := f.Parse(args); err != nil {
		return err
	}
	_, client, err := kube.Client(*config)
	if err != nil {
		return err
	}
	rows, err := rowsOf(ctx, client)
	if err != nil {
		return err
	}
	switch *output {
	case "json":
		raw, err := json.MarshalIndent(rows, "", "  ")
		fmt.Println(string(raw))
		return err
	case "yaml":
		raw, err := yaml.Marshal(rows)
		fmt.Print(string(raw))
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 10, 4, 3, ' ', 0)
	fmt.Fprintln(w, "TOKEN\tTTL\tEXPIRES\tUSAGES\tDESCRIPTION\tEXTRA GROUPS")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Token, r.TTL, or(r.Expires, "<never>"), or(strings.Join(r.Usages, ","), "<none>"), or(r.Description, "<none>"), or(strings.Join(r.Groups, ","), "<none>"))
	}
	return w.Flush()
}

func rowsOf(ctx context.Context, client kubernetes.Interface) ([]row, error) {
	found, err := client.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken)})
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, s := range found.Items {
		rows = append(rows, rowOf(s.Data, time.Now()))
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Token < rows[j].Token })
	return rows, nil
}

func rowOf(data map[string][]byte, now time.Time) row {
	r := row{Token: string(data["token-id"]) + "." + string(data["token-secret"]), Description: string(data["description"]), Expires: string(data["expiration"]), TTL: "<forever>"}
	if end, err := time.Parse(time.RFC3339, r.Expires); err == nil {
		r.TTL = "<invalid>"
		if now.Before(end) {
			r.TTL = end.Sub(now).Round(time.Hour).String()
		}
	}
	for k, v := range data {
		if u, ok := strings.CutPrefix(k, "usage-bootstrap-"); ok && string(v) == "true" {
			r.Usages = append(r.Usages, u)
		}
	}
	sort.Strings(r.Usages)
	if g := string(data["auth-extra-groups"]); g != "" {
		r.Groups = strings.Split(g, ",")
	}
	return r
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
