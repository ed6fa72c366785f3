package agent

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/process"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// describeNode waits for the Node object and merges labels and annotations into it, at every start: labels that were taken
// from the configuration stay on the Node.
func describeNode(ctx context.Context, client kubernetes.Interface, c *config.Config, role Role) error {
	labels := map[string]string{}
	for _, l := range c.List("node-label") {
		k, v, _ := strings.Cut(l, "=")
		labels[k] = v
	}
	for k, v := range role.Labels {
		labels[k] = v
	}
	args, _ := json.Marshal(c.Redacted())
	hash := sha256.Sum256(args)
	annotations := map[string]string{"k3s.io/hostname": c.NodeName(), "k3s.io/internal-ip": c.NodeIP(),
		"k3s.io/node-args": string(args), "k3s.io/node-env": "{}", "k3s.io/node-config-hash": base32.StdEncoding.EncodeToString(hash[:])}
	for k, v := range role.Annotations {
		annotations[k] = v
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels, "annotations": annotations}})
	if err != nil {
		return err
	}
	return process.Retry(ctx, "see node "+c.NodeName()+" registered", time.Second, func() error {
		_, err := client.CoreV1().Nodes().Patch(ctx, c.NodeName(), types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
}
