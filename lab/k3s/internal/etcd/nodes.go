package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// What ties a Node object to its etcd member and its password.
const (
	nameAnnotation    = "etcd.k3s.cattle.io/node-name"
	addressAnnotation = "etcd.k3s.cattle.io/node-address"
	etcdFinalizer     = "wrangler.cattle.io/managed-etcd-controller"
	nodeFinalizer     = "wrangler.cattle.io/node"
	etcdLabel         = "node-role.kubernetes.io/etcd"
	passwordSuffix    = ".node-password.k3s"
)

// controllerPeriod is the lab's pace; K3s's loops take 15 s.
const controllerPeriod = 2 * time.Second

// controller acts on the server whose member leads: it promotes learners, removes the members and passwords of deleted Nodes
// and keeps the EtcdIsVoter condition.
type controller struct {
	etcd *clientv3.Client
	kube kubernetes.Interface
}

// RunController never ends before ctx does.
func (m *Member) RunController(ctx context.Context, kube kubernetes.Interface) {
	cl, err := m.Client()
	if err != nil {
		logger.Fatalf("etcd client: %v", err)
	}
	defer cl.Close()
	c := controller{cl, kube}
	for process.Sleep(ctx, controllerPeriod) {
		step, cancel := context.WithTimeout(ctx, 15*time.Second)
		if err := c.step(step); err != nil {
			logger.Errorf("etcd member controller: %v", err)
		}
		cancel()
	}
}

func (c controller) step(ctx context.Context) error {
	st, err := c.etcd.Status(ctx, c.etcd.Endpoints()[0])
	if err != nil || st.Leader != st.Header.MemberId {
		return err
	}
	list, err := c.etcd.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, m := range list.Members {
		if m.IsLearner && m.Name != "" {
			if _, err := c.etcd.MemberPromote(ctx, m.ID); err == nil {
				logger.Infof("Promoted learner %s", m.Name)
			}
		}
	}
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range nodes.Items {
		if err := c.node(ctx, &nodes.Items[i]); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return fmt.Errorf("node %s: %w", nodes.Items[i].Name, err)
		}
	}
	return nil
}

func (c controller) node(ctx context.Context, n *corev1.Node) error {
	if n.DeletionTimestamp != nil {
		return c.removed(ctx, n)
	}
	want := slices.Clone(n.Finalizers)
	if !slices.Contains(want, nodeFinalizer) {
		want = append(want, nodeFinalizer)
	}
	if n.Labels[etcdLabel] == "true" && n.Annotations[nameAnnotation] != "" {
		if !slices.Contains(want, etcdFinalizer) {
			want = append(want, etcdFinalizer)
		}
		if err := c.condition(ctx, n); err != nil {
			return err
		}
	}
	return c.finalizers(ctx, n, want)
}

// removed takes the member out of etcd and forgets the password; then the Node may go.
func (c controller) removed(ctx context.Context, n *corev1.Node) error {
	if slices.Contains(n.Finalizers, etcdFinalizer) {
		if err := c.removeMember(ctx, n); err != nil {
			return err
		}
	}
	if slices.Contains(n.Finalizers, nodeFinalizer) {
		err := c.kube.CoreV1().Secrets("kube-system").Delete(ctx, n.Name+passwordSuffix, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return c.finalizers(ctx, n, slices.DeleteFunc(slices.Clone(n.Finalizers), func(f string) bool { return f == etcdFinalizer || f == nodeFinalizer }))
}

func (c controller) removeMember(ctx context.Context, n *corev1.Node) error {
	list, err := c.etcd.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, m := range list.Members {
		if m.Name == n.Annotations[nameAnnotation] {
			logger.Infof("Removing name=%s id=%d address=%s from etcd", m.Name, m.ID, n.Annotations[addressAnnotation])
			_, err := c.etcd.MemberRemove(ctx, m.ID)
			return err
		}
	}
	return nil
}

func (c controller) finalizers(ctx context.Context, n *corev1.Node, want []string) error {
	if slices.Equal(want, n.Finalizers) {
		return nil
	}
	patch, _ := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": want, "resourceVersion": n.ResourceVersion}})
	_, err := c.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func (c controller) condition(ctx context.Context, n *corev1.Node) error {
	list, err := c.etcd.MemberList(ctx)
	if err != nil {
		return err
	}
	want := voterCondition(infos(list.Members), learners(list), n.Annotations[nameAnnotation])
	for _, have := range n.Status.Conditions {
		if have.Type == want.Type && have.Status == want.Status && have.Reason == want.Reason {
			return nil
		}
	}
	now := metav1.Now()
	want.LastHeartbeatTime, want.LastTransitionTime = now, now
	patch, _ := json.Marshal(map[string]any{"status": map[string]any{"conditions": []corev1.NodeCondition{want}}})
	_, err = c.kube.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

func learners(list *clientv3.MemberListResponse) map[uint64]bool {
	out := map[uint64]bool{}
	for _, m := range list.Members {
		out[m.ID] = m.IsLearner
	}
	return out
}

func voterCondition(members []MemberInfo, learner map[uint64]bool, name string) corev1.NodeCondition {
	c := corev1.NodeCondition{Type: "EtcdIsVoter", Status: corev1.ConditionFalse, Reason: "NotAMember", Message: "Node is not a member of the etcd cluster"}
	for _, m := range members {
		if m.Name != name {
			continue
		}
		if learner[m.ID] {
			c.Reason, c.Message = "MemberIsLearner", "Node has not been promoted to voting member of the etcd cluster"
		} else {
			c.Status, c.Reason, c.Message = corev1.ConditionTrue, "MemberNotLearner", "Node is a voting member of the etcd cluster"
		}
	}
	return c
}

// Annotations are what a server's Node carries for the controller.
func (m *Member) Annotations() map[string]string {
	return map[string]string{nameAnnotation: m.Name, addressAnnotation: m.IP}
}
